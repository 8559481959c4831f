"""The client's half of the Remote Framebuffer protocol (RFC 6143), pure: bytes in, a picture and bytes out.

Called by `kernel.vnc`; the window reads pictures. Opens no socket, knows no loop, and trusts no server.
"""
