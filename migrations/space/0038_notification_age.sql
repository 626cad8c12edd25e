-- Notifications go after ninety days, unless mail of them still waits: asked for each that goes.
CREATE INDEX deferred_mails_by_notification ON deferred_mails (makerspace_id, notification_id);
