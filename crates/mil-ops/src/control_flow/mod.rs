//! Constants, branches, loops and lists.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod cond;
pub mod r#const;
pub mod list_gather;
pub mod list_length;
pub mod list_read;
pub mod list_scatter;
pub mod list_write;
pub mod make_list;
pub mod select;
pub mod while_loop;
