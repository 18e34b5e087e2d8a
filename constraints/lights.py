"""The four official traffic lights ("Het terugkeerproces", DT&V 2021), and execution beside."""

LEGAL = "legally-removable"
AVAILABLE = "available"
DETENTION = "placed-in-detention"
DOCUMENT = "travel-document"
EXECUTION = "execution"

LIGHTS = (LEGAL, AVAILABLE, DETENTION, DOCUMENT, EXECUTION)
"""In the order of the pages; execution is ours and is never counted as a fifth light."""
