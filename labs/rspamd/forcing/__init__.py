"""force_actions: the rules, and what each of them saw and did."""
