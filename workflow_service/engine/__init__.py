"""The workflow engine as a pure function over a case's runs; the only importer of SpiffWorkflow."""
