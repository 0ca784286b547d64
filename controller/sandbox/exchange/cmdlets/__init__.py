"""One file for each family of cmdlets; every module here is found and loaded by `registry`."""
