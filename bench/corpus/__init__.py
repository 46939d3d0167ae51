"""`python -m bench.corpus FOLDER`: send every file of a folder through the pipeline in the worker's limits."""
