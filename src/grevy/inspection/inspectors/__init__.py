"""What there is to look with: a file declares an inspector, without torch. All files here count."""
