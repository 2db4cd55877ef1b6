"""What an input may be, and the sentence for one that may not: arguments, tensors, datapoints."""
