-- What an account's credits pay for, if for anything.
ALTER TABLE accounts ADD COLUMN prepaid_scope TEXT;

-- What the spender of all zeros spent is from now on what credits paid for. Until now they paid for nothing.
DELETE FROM spending WHERE spender_id = '00000000-0000-0000-0000-000000000000';
