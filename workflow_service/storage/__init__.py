"""What is kept: the database, its tables, the journal and the migrations."""
