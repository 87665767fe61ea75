"""What figure and animation of a worked convolution share: sheets, panels, marks, the page."""
