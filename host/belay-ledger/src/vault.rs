//! What blobs look like on the disk, and the keys that make them readable. Never writes a blob's bytes in the clear, and
//! never gives a destroyed key back.
//!
//! Each blob is encrypted under the data key of its [`Scope`]: its run, or its month. The keys lie in a file beside the
//! signing key, outside the state folder. So a copy of the state folder alone holds nobody's data, and a key that is
//! destroyed takes all copies of what it encrypted with it.

mod keyfile;
mod scope;
mod sealed;

pub(crate) use keyfile::{KeyFile, Lookup};
pub use scope::{Scope, month};
pub use sealed::OpenBlob;
pub(crate) use sealed::{DataKey, open, seal, seal_again};
