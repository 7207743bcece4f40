"""`procore-nb files`: what records point to, listed, downloaded into a folder, shown as a page of pictures.

In: parsed arguments. Out: a table, files, a folder, an exit code: 1 when a file did not come.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from procore_nb.atomic_write import check_output, output_path
from procore_nb.cli.commands import connected, list_arguments
from procore_nb.cli.output import outputs, write_output
from procore_nb.errors import ArgumentError
from procore_nb.progress import size_text


def files(args: argparse.Namespace) -> int:
    """Find the files of a list; download them where a folder is named."""
    targets = outputs(args)
    if args.gallery:
        if not args.download:
            raise ArgumentError("--gallery shows downloaded pictures.", advice="Add --download FOLDER.")
        if Path(args.gallery).suffix.lower() != ".html":
            raise ArgumentError(f"{args.gallery} does not end with .html.")
    with connected(args) as procore:
        arguments = list_arguments(procore, args)
        frame = procore.files(args.name, records=True if args.records else None, **arguments)
        if not args.download:
            write_output(frame, args, targets)
            return 0
        if (
            args.gallery
            and output_path(args.gallery).resolve().parent != output_path(args.download).resolve()
        ):
            check_output(
                output_path(args.gallery)
            )  # a long download is not lost to a folder that is not there
        done = procore.download(
            frame,
            args.download,
            kind=args.kind or None,
            workers=args.transfers,
            max_bytes=args.max_bytes,
            overwrite=args.overwrite,
            names="hide" if args.hide_names else "show",
            allow_hosts=args.allow_host,
        )
    counts = done["status"].value_counts().to_dict()
    shown = ", ".join(f"{count:,} {status}" for status, count in counts.items()) or "no files"
    size = size_text(float(done["bytes"].fillna(0).sum()))
    print(f"{args.download}: {shown}, {size}", file=sys.stderr if args.csv == "-" else sys.stdout)
    if targets or args.csv == "-":
        write_output(done, args, targets)
    if args.gallery:
        from procore_nb.files import gallery

        sheet = gallery(done, names="hide" if args.hide_names else "show")
        print(f"{sheet.save(args.gallery)}: {len(sheet.pictures):,} pictures", file=sys.stderr)
    return int("failed" in counts)
