"""A Dask cluster that does units of work: connections, what runs on its workers, and the executor of the store."""
