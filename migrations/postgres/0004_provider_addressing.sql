-- How a custom provider is addressed beside its URL: how its keys are sent, and headers of its own.

ALTER TABLE custom_providers ADD COLUMN auth_scheme TEXT;
ALTER TABLE custom_providers ADD COLUMN headers TEXT[] NOT NULL DEFAULT '{}';
