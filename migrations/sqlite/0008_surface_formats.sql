-- The format in which a custom provider serves a surface, where it is not the surface's own.

ALTER TABLE custom_surfaces ADD COLUMN format TEXT;
