//! Points an MLflow model alias back at an earlier version.
