"""The machine: buttons in, frames and memory out."""
