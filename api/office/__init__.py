"""The planning office: everything that changes what is booked, each in one transaction.

The world is read from the store once and kept until something changes. Whoever writes is alone, so
what is checked stays true until it is written; the database refuses a second claim all the same.

What creates something can be asked :class:`once <api.store.answers.Once>`: under a key that was
used before it raises ToldBeforeError with the first answer, or OtherWishError.
"""

from api.office.asking import Asking
from api.office.bookings import Bookings
from api.office.events import Events
from api.office.importing import Importing
from api.office.writing import Writing


class Office(Bookings, Events, Writing, Importing, Asking):
    """A store with its world, ready to be asked and changed; safe to use from several threads."""
