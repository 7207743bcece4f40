"""Photos: what the site looked like, one or two on every sixth day whose log is kept, in albums."""

from __future__ import annotations

from procore_nb.demo.stored_files import file_of, picture_urls
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.registry import RequestContext, Rows, table
from procore_nb.demo.tables.row_forms import written
from procore_nb.demo.tables.sitedays import logged_days

_ALBUMS = ("Progress", "Quality", "Safety", "Deliveries")
_SIDES = ("North side", "East side", "South side", "West side")


@table("images")
def images(context: RequestContext) -> Rows:
    """Photos in the order they were taken; a camera in five does not know where it is."""
    calendar, home = context.calendar, (context.here.street.latitude, context.here.street.longitude)
    taken = [
        (one, side) for one in logged_days(context)[::-6][::-1] for side in range(1 + one.index // 6 % 2)
    ]
    for number, (one, side) in enumerate(taken):
        name = f"{one.day} {_SIDES[(number + side) % 4]}.png"
        file = file_of(context, "photo", context.id("image", number), name, one.day)
        album = 0 if number % 4 else number // 4 % len(_ALBUMS)
        people = f"{one.weather.sky}, {sum(crew.workers for crew in one.crews)} people on site"
        about = {
            "one": one, "number": number, "file": file, "taken": calendar.at(one.day, 10, number * 7 % 60),
            "author": directory.office(context)[number % 3], "place": directory.place(context, number),
            "album": _ALBUMS[album],
        }  # fmt: skip
        yield written("image", context, **about) | {
            "image_category_id": context.id("image_category", album),
            "description": people if number % 3 else None,
            "gps_lat": f"{home[0] + number % 7 * 0.0001:.6f}" if number % 5 else None,
            "gps_long": f"{home[1] + number % 5 * 0.0001:.6f}" if number % 5 else None,
            "thumbnail_url": picture_urls(file)["thumbnail_url"],
        }


@table("image_categories")
def image_categories(context: RequestContext) -> Rows:
    """Albums of the photos."""
    shown, since = [row["image_category_name"] for row in images(context)], context.here.created_at
    for number, name in enumerate(_ALBUMS):
        yield {
            "id": context.id("image_category", number), "name": name, "count": shown.count(name),
            "private": False, "position": number + 1, "created_at": since, "updated_at": since,
        }  # fmt: skip
