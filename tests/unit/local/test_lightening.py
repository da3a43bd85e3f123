import sys
from pathlib import Path

from local.lightening import lighten


def test_only_data_that_the_code_does_not_name_is_taken_away_and_the_rest_is_compiled(tmp_path: Path) -> None:
    sources, packages = tmp_path / "functions", tmp_path / "build" / "Layer" / "python"
    sources.mkdir()
    (sources / "app.py").write_text('boto3.client("s3")\n')
    for kept_or_not in (
        "botocore/data/s3/service.json.gz",
        "botocore/data/ec2/service.json.gz",
        "botocore/data/endpoints.json",
        "babel/locale-data/root.dat",
        "babel/locale-data/fr.dat",
        "msgspec/data.bin",
    ):
        (packages / kept_or_not).parent.mkdir(parents=True, exist_ok=True)
        (packages / kept_or_not).touch()
    (packages / "module.py").write_text("x = 1\n")

    lighten(tmp_path / "build", [sources], Path(sys.executable))

    left = sorted(path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file())
    assert left == [
        f"__pycache__/module.{sys.implementation.cache_tag}.pyc",
        "babel/locale-data/root.dat",
        "botocore/data/endpoints.json",
        "botocore/data/s3/service.json.gz",
        "module.py",
        "msgspec/data.bin",
    ]
