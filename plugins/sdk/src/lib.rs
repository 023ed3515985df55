//! For plugin authors: bindings, JSON helpers, schemas, a small allocator.
