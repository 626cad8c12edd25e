-- Where a record that was merged away points to; set once, with the merge.
ALTER TABLE members ADD COLUMN merged_into TEXT CHECK (merged_into IS NULL OR status = 'left');
