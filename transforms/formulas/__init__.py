"""One formula each: frames in, a frame or an expression out."""
