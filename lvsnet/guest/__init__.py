"""The guest kernel: which binary, boot, control channel, agent."""
