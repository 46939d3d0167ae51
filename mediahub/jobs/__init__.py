"""Jobs: work on many images, in chunks that a queue, Celery or a command goes through."""
