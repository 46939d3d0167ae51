"""The history of what people and MediaHub changed, and how changes are undone."""
