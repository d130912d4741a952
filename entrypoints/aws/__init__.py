"""What AWS Lambda calls: one module a function."""

import gc

# Loading makes a great many objects and hardly any garbage: to look for it again and again takes
# an eighth of a cold start. container_on_aws turns it on again.
gc.disable()
