//! Lambda code archives and layers: checked zips in, reproducible tars out.
