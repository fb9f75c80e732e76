"""Reading the archive: from files to records to frames. Knows no database."""
