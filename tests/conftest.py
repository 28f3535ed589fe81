from hypothesis import settings

# A slow or busy computer is no reason to fail.
settings.register_profile("kit", deadline=None, print_blob=True)
settings.load_profile("kit")
