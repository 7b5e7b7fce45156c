"""Reports: what they say (page), where it comes from (view), how it is drawn and published."""
