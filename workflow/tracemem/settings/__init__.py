"""The study's settings, a module a section; nothing here imports more than pydantic."""
