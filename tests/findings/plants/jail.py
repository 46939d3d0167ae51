"""Findings about the decoding of hostile files, and hostile messages."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

CHILD, POOL = "processing/jail/child.py", "processing/jail/pool.py"
JAIL, FUZZ = "tests/jail/test_jail.py::", "tests/fuzz/test_fuzz.py::"

PLANTS = (
    PlantedFinding(
        43,
        "the child keeps the environment",
        (
            Edit(
                POOL,
                "env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},",
                "env=dict(os.environ),",
            ),
        ),
        f"{JAIL}test_a_decoder_can_open_start_and_see_nothing",
    ),
    PlantedFinding(
        43,
        "the child may open files and sockets",
        (Edit(CHILD, "(resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE,", "(resource.RLIMIT_FSIZE,"),),
        f"{JAIL}test_a_decoder_can_open_start_and_see_nothing",
    ),
    PlantedFinding(
        43,
        "the child may write into the file",
        (
            Edit(CHILD, "(resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE,", "(resource.RLIMIT_NOFILE,"),
            Edit(POOL, "os.open(inbox.name, os.O_RDONLY)", "os.open(inbox.name, os.O_RDWR)"),
        ),
        f"{JAIL}test_a_decoder_can_open_start_and_see_nothing",
    ),
    PlantedFinding(
        44,
        "a file may take any memory",
        (
            Edit(
                CHILD,
                "size if hard == resource.RLIM_INFINITY else min(size, hard), hard)",
                "hard, hard)",
            ),
        ),
        f"{JAIL}test_whatever_ends_a_decoder_refuses_its_file_and_no_other[eat]",
    ),
    PlantedFinding(
        44,
        "a file may take any time of the processor",
        (Edit(CHILD, "    _set_limit(resource.RLIMIT_CPU, until, ", "    (resource.RLIMIT_CPU, until, "),),
        f"{JAIL}test_whatever_ends_a_decoder_refuses_its_file_and_no_other[spin]",
    ),
    PlantedFinding(
        44,
        "a file that ended its decoder is tried again",
        (
            Edit(
                POOL,
                '    return Rejected("too_costly", step="decode")\n',
                '    return Unavailable("decoder_ended")\n',
            ),
        ),
        f"{JAIL}test_whatever_ends_a_decoder_refuses_its_file_and_no_other[overflow]",
    ),
    PlantedFinding(
        45,
        "metadata raise what they like",
        (
            Edit(
                "processing/metadata/fields.py",
                "except Exception as error:  # hostile metadata raises anything;",
                "except LookupError as error:  #",
            ),
        ),
        f"{FUZZ}test_b27_altered_files_and_messages_are_processed_or_refused_with_a_code",
    ),
    PlantedFinding(
        45,
        "a message that is no JSON is an error of the server",
        (
            Edit(
                "mediahub/messages.py",
                "except (ValueError, RecursionError) as error:",
                "except RecursionError as error:",
            ),
        ),
        f"{FUZZ}test_b27_altered_files_and_messages_are_processed_or_refused_with_a_code",
    ),
)
