"""Which change helped, and is it more than noise?"""
