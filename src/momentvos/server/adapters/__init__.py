"""A running server as a part of annotation tools: functions over `momentvos.server.client`."""
