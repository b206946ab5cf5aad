"""An object's life out of the changes of its key: versions, what each changed, who last set which field. Pure."""
