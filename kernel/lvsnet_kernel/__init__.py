"""lvsnet's guest kernel: files for `lvsnet.guest.kernels.wheel`, and nothing to import."""
