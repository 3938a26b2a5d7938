"""The emulated console: buttons in, frames and memory out."""
