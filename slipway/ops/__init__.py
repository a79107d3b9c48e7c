"""The program that runs beside the data: `python -m slipway.ops VERB`."""
