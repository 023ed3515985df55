//! The first plan lies inside; more does not.
