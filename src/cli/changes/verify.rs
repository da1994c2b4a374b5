//! `changes verify`: whether the record is whole.
