DROP TABLE users;
DROP FUNCTION touch_updated_at();
DROP FUNCTION app_user_id();
