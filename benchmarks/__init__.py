"""Speed and scale, runnable by anyone: each figure stands beside a floor measured in the same run."""
