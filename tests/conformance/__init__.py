"""The same labs in every place: one set of cases, run over each place that this machine gives."""
