//! Writes OCI images as tar archives that `ctr images import`, `docker load` and `skopeo` read.
