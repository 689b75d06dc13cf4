"""Scripts for people; nothing in dream_sft imports them."""
