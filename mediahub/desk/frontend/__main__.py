import sys

from mediahub.desk.frontend.build import BUNDLE, BuildFailed, build

if __name__ == "__main__":
    try:
        is_new = build()
    except BuildFailed as failure:
        sys.exit(f"The upload page was not bundled. {failure}")
    print(f"{'Bundled the upload page into' if is_new else 'The upload page is up to date in'} {BUNDLE}")
