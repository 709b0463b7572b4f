"""From counts to log values, variable genes and principal components. Arrays in, arrays out."""
