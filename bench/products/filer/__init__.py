"""django-filer with easy-thumbnails, as the documentation of both sets them up."""
