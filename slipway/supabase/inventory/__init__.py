"""What a project has, thing by thing: each module looks at one kind and yields a finding for everything of it."""
